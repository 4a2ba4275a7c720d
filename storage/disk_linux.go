package storage

import (
	"os"

	"golang.org/x/sys/unix"
)

// dropCache makes the kernel forget what it remembers of a file's clean pages: a
// page whose sync failed counts as clean, though the disk never got it.
func dropCache(path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	return unix.Fadvise(int(file.Fd()), 0, 0, unix.FADV_DONTNEED)
}
