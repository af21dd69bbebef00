package spool

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
	"runtime/debug"
	"time"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"
)

// Spools of the first version were one bbolt file with one bucket. An entry: version (1 byte, 1), CRC-32C of all that follows it (4), time in Unix
// milliseconds (8), samples (4), payload.
const (
	nameV1     = "spool.db"
	headSizeV1 = 1 + 4 + 8 + 4
	batchV1    = 256 << 10
)

// takeOverV1 appends what a spool of the first version holds, and removes its file. A damaged file is moved aside with what was not read of it.
func (s *Spool) takeOverV1() error {
	path := filepath.Join(s.set.Dir, nameV1)
	if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() {
		return nil
	}
	var taken, lost int
	err := guard(func() (err error) {
		db, err := bbolt.Open(path, 0o640, &bbolt.Options{Timeout: time.Second, ReadOnly: false, FreelistType: bbolt.FreelistMapType})
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, db.Close()) }()
		return db.View(func(tx *bbolt.Tx) error {
			b := tx.Bucket([]byte("entries"))
			if b == nil {
				return nil
			}
			var batch []Payload
			size := 0
			flush := func() error {
				all := batch
				batch, size = nil, 0
				if len(all) == 0 {
					return nil
				}
				err := s.append(all, true)
				if errors.Is(err, ErrTooLarge) {
					for _, p := range all {
						s.dropped(ReasonBytes, uint64(p.Samples))
					}
					return nil
				}
				taken += len(all)
				return err
			}
			c := b.Cursor()
			for k, v := c.First(); k != nil; k, v = c.Next() {
				if len(v) < headSizeV1 {
					continue
				}
				samples := int(binary.LittleEndian.Uint32(v[13:]))
				if v[0] != 1 || crc32.Checksum(v[5:], castagnoli) != binary.LittleEndian.Uint32(v[1:]) {
					lost += samples
					continue
				}
				batch = append(batch, Payload{append([]byte(nil), v[headSizeV1:]...), samples})
				if size += len(v); size >= batchV1 {
					if err := flush(); err != nil {
						return err
					}
				}
			}
			return flush()
		})
	})
	var damaged *damagedError
	switch {
	case errors.Is(err, bolterrors.ErrTimeout):
		return ErrLocked
	case errors.As(err, &damaged), errors.Is(err, bolterrors.ErrInvalid), errors.Is(err, bolterrors.ErrChecksum), errors.Is(err, bolterrors.ErrVersionMismatch):
		aside := path + ".corrupt"
		s.log.Error("spool file of the first version is damaged; what could be read is taken over, and the file was moved aside", "entries", taken, "moved_to", aside, "err", err)
		s.dropped(ReasonCorrupt, uint64(lost))
		return os.Rename(path, aside)
	case err != nil:
		return fmt.Errorf("take over %s: %w", nameV1, err)
	}
	s.log.Info("spool of the first version was taken over", "entries", taken)
	s.dropped(ReasonCorrupt, uint64(lost))
	return os.Remove(path)
}

// damagedError is a panic of bbolt.
type damagedError struct{ cause any }

func (e *damagedError) Error() string { return fmt.Sprintf("file is damaged: %v", e.cause) }

// guard turns a panic into an error: bbolt trusts its pages.
func guard(fn func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true)) // its pages are mapped memory, which a short file does not have
	defer func() {
		if p := recover(); p != nil {
			err = &damagedError{p}
		}
	}()
	return fn()
}
