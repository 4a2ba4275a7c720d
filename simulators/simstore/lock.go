package simstore

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// lock makes the folder this process's alone until the file is closed, by whatever
// end.
func (s Shop) lock() (*os.File, error) {
	path := s.path("run", "lock")
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, secretMode)
	if err != nil {
		return nil, fmt.Errorf("lock the shop: %w", err)
	}
	err = unix.Flock(int(file.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if errors.Is(err, unix.EWOULDBLOCK) {
		owner, _ := os.ReadFile(path)
		err = fmt.Errorf("process %s runs a shop in %s already: stop it first, or choose another folder with --dir",
			strings.TrimSpace(string(owner)), s.dir)
	}
	if err == nil {
		err = errors.Join(file.Truncate(0), writeOwner(file))
	}
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return file, nil
}

func writeOwner(file *os.File) error {
	_, err := file.WriteAt(fmt.Appendln(nil, os.Getpid()), 0)
	return err
}
