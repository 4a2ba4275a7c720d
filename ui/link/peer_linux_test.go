package link_test

import (
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// stranger is a user and group that no daemon of a test has.
const stranger = 65_534

// connectAs opens a connection as another user with supplementary groups. The
// credentials are those of one thread, which ends with its goroutine.
func connectAs(t *testing.T, path string, groups []uint32) net.Conn {
	t.Helper()
	opened := make(chan int)
	go func() {
		runtime.LockOSThread()
		var list *uint32
		if len(groups) > 0 {
			list = &groups[0]
		}
		descriptor, _ := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
		becomeStranger(len(groups), list)
		if unix.Connect(descriptor, &unix.SockaddrUnix{Name: path}) != nil {
			_ = unix.Close(descriptor)
			descriptor = -1
		}
		opened <- descriptor
	}()
	descriptor := <-opened
	require.Positive(t, descriptor, "connect")
	file := os.NewFile(uintptr(descriptor), path)
	defer func() { _ = file.Close() }()
	conn, err := net.FileConn(file)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

func statusOver(t *testing.T, conn net.Conn) int {
	t.Helper()
	request, err := http.NewRequest(http.MethodGet, "http://till/v1/snapshot", strings.NewReader(""))
	require.NoError(t, err)
	request.Close = true
	require.NoError(t, request.Write(conn))
	buffer := make([]byte, 4096)
	read, err := conn.Read(buffer)
	require.NoError(t, err)
	_, rest, found := strings.Cut(string(buffer[:read]), " ")
	require.True(t, found)
	switch {
	case strings.HasPrefix(rest, "200"):
		return http.StatusOK
	case strings.HasPrefix(rest, "403"):
		return http.StatusForbidden
	}
	return 0
}

func TestStrangerIsRefusedAndAMemberOfTheGroupIsNot(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can become somebody else")
	}
	path := socket(t)
	serve(t, path, newMemoryTill())
	// What the file's mode would refuse must reach the daemon's own check.
	for folder := filepath.Dir(path); folder != os.TempDir() && folder != "/"; folder = filepath.Dir(folder) {
		require.NoError(t, os.Chmod(folder, 0o755))
	}
	require.NoError(t, os.Chmod(path, 0o666))
	require.Equal(t, http.StatusForbidden, statusOver(t, connectAs(t, path, nil)))
	group := uint32(os.Getegid())
	require.Equal(t, http.StatusOK, statusOver(t, connectAs(t, path, []uint32{group})))
}

// becomeStranger changes this thread's groups, group and user, in that order.
func becomeStranger(groups int, list *uint32) {
	_, _, _ = syscall.RawSyscall(syscall.SYS_SETGROUPS, uintptr(groups), uintptr(unsafe.Pointer(list)), 0)
	_, _, _ = syscall.RawSyscall(syscall.SYS_SETRESGID, stranger, stranger, stranger)
	_, _, _ = syscall.RawSyscall(syscall.SYS_SETRESUID, stranger, stranger, stranger)
}
