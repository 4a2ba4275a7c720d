package link

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// pathMaxBytes is what fits into sockaddr_un on Linux, with its final zero.
const pathMaxBytes = 107

// socketMode lets the daemon's user and group in; socketDirMode likewise.
const (
	socketMode    = 0o660
	socketDirMode = 0o750
)

// probeTimeout bounds the question whether a daemon still listens on a socket.
const probeTimeout = time.Second

// Listen opens the till's socket. The socket of a daemon that died is replaced;
// one that still answers, and anything that is no socket, is refused.
func Listen(path string) (net.Listener, error) {
	if len(path) > pathMaxBytes {
		return nil, fmt.Errorf("listen on %s: path longer than %d bytes", path, pathMaxBytes)
	}
	if err := os.MkdirAll(filepath.Dir(path), socketDirMode); err != nil {
		return nil, fmt.Errorf("listen on %s: %w", path, err)
	}
	if err := removeStale(path); err != nil {
		return nil, fmt.Errorf("listen on %s: %w", path, err)
	}
	listener, err := net.Listen("unix", path)
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w", path, err)
	}
	if err := os.Chmod(path, socketMode); err != nil {
		return nil, errors.Join(fmt.Errorf("listen on %s: %w", path, err), listener.Close())
	}
	return listener, nil
}

// removeStale removes a socket that nobody listens on.
func removeStale(path string) error {
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if info.Mode().Type() != fs.ModeSocket {
		return errors.New("there is a file that is no socket")
	}
	conn, err := net.DialTimeout("unix", path, probeTimeout)
	if err == nil {
		_ = conn.Close()
		return errors.New("another daemon listens there")
	}
	if !errors.Is(err, syscall.ECONNREFUSED) {
		return fmt.Errorf("ask whether a daemon listens there: %w", err)
	}
	return os.Remove(path)
}
