package kit

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// WorkFolder makes a new folder inside parent, for the caller to remove; or under .cache/bench when parent is empty: on a real disk, which /tmp may not
// be. There, what benchmarks left that were killed is removed first.
func WorkFolder(parent, prefix string) (string, error) {
	if parent != "" {
		if err := os.MkdirAll(parent, 0o755); err != nil {
			return "", err
		}
		return os.MkdirTemp(parent, prefix)
	}
	root, err := FindRoot()
	if err != nil {
		return "", err
	}
	return sweptFolder(filepath.Join(root, ".cache", "bench"), prefix)
}

// sweptFolder makes a new folder inside parent, which holds nothing else than such folders, and removes those whose process has ended. A process holds
// the lock of each of its folders until it ends, however it ends.
func sweptFolder(parent, prefix string) (dir string, err error) {
	if err := os.MkdirAll(parent, 0o755); err != nil {
		return "", err
	}
	sweeping, err := lock(parent, 0) // so that nobody takes a folder for a leftover before it is locked
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, syscall.Close(sweeping)) }()
	entries, err := os.ReadDir(parent)
	if err != nil {
		return "", err
	}
	for _, e := range entries {
		old := filepath.Join(parent, e.Name())
		held, err := lock(old, syscall.LOCK_NB)
		if errors.Is(err, syscall.EWOULDBLOCK) {
			continue // its benchmark runs
		} else if err != nil {
			return "", err
		}
		if err := errors.Join(os.RemoveAll(old), syscall.Close(held)); err != nil {
			return "", err
		}
	}
	if dir, err = os.MkdirTemp(parent, prefix); err != nil {
		return "", err
	}
	_, err = lock(dir, 0)
	return dir, err
}

// lock opens a file or folder and locks it. The descriptor is not an os.File, which the garbage collector would close; programs that are started do not
// inherit it.
func lock(path string, flags int) (fd int, err error) {
	if fd, err = syscall.Open(path, syscall.O_RDONLY|syscall.O_CLOEXEC, 0); err != nil {
		return -1, fmt.Errorf("open %s: %w", path, err)
	}
	if err := syscall.Flock(fd, syscall.LOCK_EX|flags); err != nil {
		return -1, errors.Join(fmt.Errorf("lock %s: %w", path, err), syscall.Close(fd))
	}
	return fd, nil
}
