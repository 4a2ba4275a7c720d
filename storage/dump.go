package storage

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"

	"balcao/storage/record"
)

// Dump writes the records of a copy as the contract's objects, one a line, in
// order: of one file, or of a folder's whole journal. It stops before the first
// that is bad and answers a [*BadRecordError].
func Dump(path string, w io.Writer) error {
	paths := []string{path}
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		if paths, err = periodPaths(path); err != nil {
			return fmt.Errorf("dump %s: %w", path, err)
		}
	}
	out := bufio.NewWriter(w)
	for _, each := range paths {
		if err := dumpFile(each, out); err != nil {
			return errors.Join(fmt.Errorf("dump %s: %w", each, err), out.Flush())
		}
	}
	if err := out.Flush(); err != nil {
		return fmt.Errorf("dump %s: %w", path, err)
	}
	return nil
}

// periodPaths are the files of a folder's journal, in order.
func periodPaths(folder string) ([]string, error) {
	path, err := journalIn(folder)
	if err != nil {
		return nil, err
	}
	known, err := readManifest(path, "")
	if err != nil {
		return nil, err
	}
	var paths []string
	for _, each := range known.Periods {
		paths = append(paths, sibling(path, each.File))
	}
	return paths, nil
}

func dumpFile(path string, out io.Writer) error {
	file, reader, err := openCopy(path)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	if _, err := reader.readMetas(); err != nil {
		return err
	}
	buckets, err := reader.buckets()
	if err != nil {
		return err
	}
	about, err := examineIdentity(reader, buckets)
	if err != nil {
		return err
	}
	at := about.start()
	return reader.walkBucket(buckets[string(bucketFacts)], func(key, value []byte) error {
		next, rec, err := examineRecord(about, at, key, value)
		if err != nil {
			return err
		}
		at = next
		_, err = out.Write(append(record.WireJSON(rec), '\n'))
		return err
	})
}
