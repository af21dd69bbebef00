package tsdb

import (
	"fmt"
	"path/filepath"

	"github.com/endscope/endscope/internal/config"
	"golang.org/x/sys/unix"
)

// diskReserve refuses writes before the disk is full. A write-ahead log that meets a full disk in the middle of a record is torn, and
// whatever follows the tear is lost at the next start; so the store stops while it can still stop cleanly.
type diskReserve struct {
	dir  string
	free config.Bytes // below this, no write
}

// check returns an *UnwritableError when the directory's file system has less than the reserve or is mounted read-only, or when the
// directories of the log may not be written. It costs a few microseconds.
func (d diskReserve) check() error {
	var st unix.Statfs_t
	if err := unix.Statfs(d.dir, &st); err != nil {
		return &UnwritableError{Reason: fmt.Sprintf("data directory %s: %s", d.dir, err), Err: err}
	}
	if st.Flags&unix.ST_RDONLY != 0 {
		return &UnwritableError{Reason: fmt.Sprintf("data directory %s is on a file system that is mounted read-only", d.dir), Err: unix.EROFS}
	}
	if free := config.Bytes(int64(st.Bavail) * st.Bsize); free < d.free {
		return &UnwritableError{
			Reason: fmt.Sprintf("data directory %s has %d MiB free, fewer than the %s of storage.min_free; writing goes on once there is more", d.dir, free>>20, d.free),
			Err:    unix.ENOSPC,
		}
	}
	// A new segment, block or checkpoint needs to be created in these.
	for _, dir := range []string{d.dir, filepath.Join(d.dir, walDir)} {
		if err := unix.Faccessat(unix.AT_FDCWD, dir, unix.W_OK|unix.X_OK, unix.AT_EACCESS); err != nil {
			return &UnwritableError{Reason: fmt.Sprintf("directory %s is not writable: %s", dir, err), Err: err}
		}
	}
	return nil
}
