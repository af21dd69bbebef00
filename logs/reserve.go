package logs

import (
	"fmt"

	"golang.org/x/sys/unix"

	"github.com/endscope/endscope/internal/config"
)

// diskReserve refuses rows before the disk is full, so that what has been acknowledged still finds room in its table.
type diskReserve struct {
	dir  string
	free config.Bytes // below this, no rows
}

// check returns an *UnwritableError when the directory's file system has less than the reserve or is mounted read-only, or when the
// directory may not be written. It costs a few microseconds.
func (d diskReserve) check() error {
	var st unix.Statfs_t
	if err := unix.Statfs(d.dir, &st); err != nil {
		return &UnwritableError{Reason: fmt.Sprintf("log directory %s: %s", d.dir, err), Err: err}
	}
	if st.Flags&unix.ST_RDONLY != 0 {
		return &UnwritableError{Reason: fmt.Sprintf("log directory %s is on a file system that is mounted read-only", d.dir), Err: unix.EROFS}
	}
	if free := config.Bytes(int64(st.Bavail) * st.Bsize); free < d.free {
		return &UnwritableError{
			Reason: fmt.Sprintf("log directory %s has %d MiB free, fewer than the %s of logs.min_free; writing goes on once there is more", d.dir, free>>20, d.free),
			Err:    unix.ENOSPC,
		}
	}
	if err := unix.Faccessat(unix.AT_FDCWD, d.dir, unix.W_OK|unix.X_OK, unix.AT_EACCESS); err != nil {
		return &UnwritableError{Reason: fmt.Sprintf("directory %s is not writable: %s", d.dir, err), Err: err}
	}
	return nil
}
