package storage

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"syscall"
)

const (
	// ballastSuffix names the file that is thrown overboard when the disk is full.
	ballastSuffix = ".ballast"
	// ballastReserve is how many times its size must be free before it is written:
	// it must never take the last room itself.
	ballastReserve = 2
	// growBytes is the step in which bbolt grows its file (DefaultAllocSize).
	growBytes = 16 << 20
)

func (s *Store) ballastPath() string { return s.options.Path + ballastSuffix }

// HasBallast says whether there is room set aside on the disk.
func (s *Store) HasBallast() bool {
	info, err := os.Stat(s.ballastPath())
	return err == nil && s.options.BallastBytes > 0 && info.Size() == s.options.BallastBytes
}

// ReleaseBallast gives the room that was set aside to the open sale, on the disk
// and within the limit of the file's size. Without ballast it does nothing.
func (s *Store) ReleaseBallast() error {
	err := s.do(context.Background(), func() error {
		if s.file.db != nil {
			s.file.db.MaxSize = clamp(s.options.FileBytesMax + growBytes + max(0, s.options.BallastBytes))
		}
		return errors.Join(removeIfPresent(s.ballastPath()), syncFolder(s.options.Path))
	})
	if err != nil {
		return fmt.Errorf("release ballast %s: %w", s.ballastPath(), err)
	}
	return nil
}

// RestoreBallast sets room aside again, once twice as much is free; until then it
// answers [ErrFull]. With ballast it does nothing.
func (s *Store) RestoreBallast() error {
	return s.do(context.Background(), s.restoreBallast)
}

// restoreBallast runs in the writer goroutine, or before it starts.
func (s *Store) restoreBallast() error {
	if s.options.BallastBytes < 0 || s.HasBallast() {
		return nil
	}
	free, err := freeBytes(s.options.Path)
	if err == nil && free < ballastReserve*s.options.BallastBytes {
		err = fmt.Errorf("%w: %d bytes are free, want %d", ErrFull, free, ballastReserve*s.options.BallastBytes)
	}
	if err == nil {
		err = writeBallast(s.ballastPath(), s.options.BallastBytes)
	}
	if err != nil {
		return fmt.Errorf("write ballast %s: %w", s.ballastPath(), err)
	}
	if s.file.db != nil {
		s.file.db.MaxSize = clamp(s.options.FileBytesMax)
	}
	return nil
}

// writeBallast writes every byte, and none that a file system could squeeze:
// a hole or a run of zeros would set nothing aside.
func writeBallast(path string, bytes int64) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, fileMode)
	if err != nil {
		return err
	}
	_, err = io.CopyN(file, rand.NewChaCha8([32]byte{}), bytes)
	if err == nil {
		err = file.Sync()
	}
	if err = errors.Join(err, file.Close()); err == nil {
		return syncFolder(path)
	}
	if errors.Is(err, syscall.ENOSPC) {
		err = fmt.Errorf("%w: %w", ErrFull, err)
	}
	return errors.Join(err, removeIfPresent(path))
}
