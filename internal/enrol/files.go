package enrol

import (
	"crypto/ecdsa"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"balcao/sync/central"
)

// Modes of what is written; the folder is made when it is missing.
const (
	keyMode    fs.FileMode = 0o600
	publicMode fs.FileMode = 0o644
	folderMode fs.FileMode = 0o700
)

// A pending file is whole on disk beside the one that it replaces.
type pending struct{ temporary, path string }

// write puts all files in place, or, when one cannot be written, none: all are on disk
// before the first takes its place.
func (r Request) write(enrolment central.Enrolment, key *ecdsa.PrivateKey) (err error) {
	private, err := encodeKey(key)
	if err != nil {
		return err
	}
	var files []pending
	defer func() {
		for _, file := range files {
			os.Remove(file.temporary) // gone already when all went well
		}
	}()
	for _, each := range []struct {
		path    string
		content []byte
		mode    fs.FileMode
	}{
		{r.Authorities, enrolment.Authorities, publicMode},
		{r.Key, private, keyMode},
		{r.Certificate, enrolment.Certificate, publicMode},
	} {
		temporary, err := writeBeside(each.path, each.content, each.mode)
		if err != nil {
			return err
		}
		files = append(files, pending{temporary, each.path})
	}
	for _, file := range files {
		if err := os.Rename(file.temporary, file.path); err != nil {
			return err
		}
	}
	for _, file := range files {
		if err := syncFolder(filepath.Dir(file.path)); err != nil {
			return err
		}
	}
	return nil
}

func writeBeside(path string, content []byte, mode fs.FileMode) (string, error) {
	if err := os.MkdirAll(filepath.Dir(path), folderMode); err != nil {
		return "", err
	}
	file, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*")
	if err != nil {
		return "", err
	}
	_, err = file.Write(content)
	if err := errors.Join(err, file.Chmod(mode), file.Sync(), file.Close()); err != nil {
		return "", errors.Join(err, os.Remove(file.Name()))
	}
	return file.Name(), nil
}

func syncFolder(folder string) error {
	opened, err := os.Open(folder)
	if err != nil {
		return err
	}
	return errors.Join(opened.Sync(), opened.Close())
}
