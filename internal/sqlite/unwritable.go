package sqlite

import (
	"errors"

	driver "modernc.org/sqlite"
	codes "modernc.org/sqlite/lib"
)

// UnwritableError says that a database cannot be written for now, whatever the write: the fault is that of its file or disk.
type UnwritableError struct {
	Full bool // there is no room on the disk
	Err  error
}

func (e *UnwritableError) Error() string {
	if e.Full {
		return "the disk is full: " + e.Err.Error()
	}
	return "the file cannot be written: " + e.Err.Error()
}

// Unwrap returns what the driver said.
func (e *UnwritableError) Unwrap() error { return e.Err }

// Unwritable makes an *UnwritableError of what the driver says of a file or disk that cannot be written, and leaves other errors, and
// nil, as they are.
func Unwritable(err error) error {
	var (
		said  *driver.Error
		known *UnwritableError
	)
	if !errors.As(err, &said) || errors.As(err, &known) {
		return err
	}
	switch said.Code() & 0xff { // without what the extended codes say more
	case codes.SQLITE_FULL:
		return &UnwritableError{Full: true, Err: err}
	case codes.SQLITE_IOERR, codes.SQLITE_READONLY, codes.SQLITE_CANTOPEN, codes.SQLITE_BUSY, codes.SQLITE_LOCKED, codes.SQLITE_CORRUPT, codes.SQLITE_NOTADB:
		return &UnwritableError{Err: err}
	}
	return err
}
