package logs

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// makeDirs makes the store's directory and those in it, so that their names are durable before a file in them is.
func makeDirs(dir string) error {
	names := []string{journalDir}
	for _, s := range Schemas() {
		names = append(names, s.Name)
	}
	for _, name := range names {
		if err := os.MkdirAll(filepath.Join(dir, name), 0o777); err != nil {
			return err
		}
	}
	return errors.Join(syncDir(filepath.Join(dir, journalDir)), syncDir(dir))
}

// syncDir makes the name of a file durable.
func syncDir(path string) error {
	d, err := os.Open(filepath.Dir(path))
	if err != nil {
		return fmt.Errorf("sync directory: %w", err)
	}
	return errors.Join(d.Sync(), d.Close())
}

// copyFile copies a file, durably, making the directory of the copy.
func copyFile(from, to string) error {
	if err := os.MkdirAll(filepath.Dir(to), 0o777); err != nil {
		return err
	}
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o666)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Sync(), out.Close(), syncDir(to))
}
