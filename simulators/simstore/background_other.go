//go:build !linux

package simstore

import "syscall"

// background is how programs without a screen run: in a process group of their own,
// so that Ctrl-C at the terminal reaches the shop alone, which stops them in order.
func background() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

// foreground is how the screen runs: in the group that owns the terminal.
func foreground() *syscall.SysProcAttr { return nil }
