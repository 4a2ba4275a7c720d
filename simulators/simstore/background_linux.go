package simstore

import "syscall"

// background is how programs without a screen run: in a process group of their own,
// so that Ctrl-C at the terminal reaches the shop alone, which stops them in order;
// and not longer than the shop, should that be killed. The kernel sends the signal
// when the thread that started them ends, and threads of Go programs do not end.
func background() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
}

// foreground is how the screen runs: in the group that owns the terminal, and not
// longer than the shop either.
func foreground() *syscall.SysProcAttr { return &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM} }
