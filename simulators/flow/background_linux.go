package flow

import "syscall"

// background is how the daemon runs: in a process group of its own, so that Ctrl-C
// reaches the walk alone, which stops it in order; and not longer than the walk.
func background() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
}
