package console

import (
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"
)

const positionsName = "console-positions.json"

// fileID tells files apart while they exist. A number may be given to another file afterwards, so it is believed only together with marks.
type fileID struct {
	Dev uint64 `json:"dev"`
	Ino uint64 `json:"ino"`
}

// mark is the checksum of a few bytes of a file, to know them again.
type mark struct {
	Len int    `json:"len"`
	Sum uint64 `json:"sum"`
}

const (
	headLen = 256 // bytes at the beginning of a file that tell it from others
	tailLen = 64  // bytes before a position that tell whether the file is still the same up to there
)

// markAt reads the mark of n bytes from offset on.
func markAt(f io.ReaderAt, offset int64, n int) (mark, error) {
	b := make([]byte, n)
	if _, err := f.ReadAt(b, offset); err != nil {
		return mark{}, err
	}
	return markOf(b), nil
}

func markOf(b []byte) mark {
	h := fnv.New64a()
	_, _ = h.Write(b)
	return mark{len(b), h.Sum64()}
}

// holds reports whether the bytes at offset are those of the mark.
func (m mark) holds(f io.ReaderAt, offset int64) bool {
	if m.Len == 0 {
		return true
	}
	got, err := markAt(f, offset, m.Len)
	return err == nil && got == m
}

// position is how far a file has been read: up to Offset, everything has become rows that are on disk.
type position struct {
	fileID
	Path   string    `json:"path"`
	Offset int64     `json:"offset"`
	Size   int64     `json:"size"` // of the file when it was last looked at
	Head   mark      `json:"head"`
	Tail   mark      `json:"tail"`  // of the bytes before Offset
	First  time.Time `json:"first"` // when it was found: of the files of one path, the older comes first
	Seen   time.Time `json:"seen"`  // when this was written
	// Rotated says that the path named another file, or none, and Done that the file is not read any more.
	Rotated bool `json:"rotated,omitempty"`
	Done    bool `json:"done,omitempty"`
}

// matches reports whether f is the file that was read up to Offset, or a copy of it.
func (p position) matches(f io.ReaderAt) bool {
	return p.Head.holds(f, 0) && p.Tail.holds(f, p.Offset-int64(p.Tail.Len))
}

// positions is the file that keeps them. It is safe for concurrent use.
type positions struct {
	path string

	mu   sync.Mutex
	data positionData
}

type positionData struct {
	Saved  time.Time  `json:"saved"`
	Files  []position `json:"files"`
	Cursor string     `json:"journal_cursor,omitempty"`
}

// openPositions reads the file. What cannot be understood is an error, and there are no positions then.
func openPositions(dir string) (*positions, error) {
	p := &positions{path: filepath.Join(dir, positionsName)}
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return p, fmt.Errorf("make the folder of positions: %w", err)
	}
	text, err := os.ReadFile(p.path)
	if errors.Is(err, fs.ErrNotExist) {
		return p, nil
	}
	if err != nil {
		return p, fmt.Errorf("read positions: %w", err)
	}
	if err := json.Unmarshal(text, &p.data); err != nil {
		p.data = positionData{}
		return p, fmt.Errorf("read positions %s: %w", p.path, err)
	}
	for _, f := range p.data.Files {
		if f.Offset < 0 || f.Head.Len < 0 || f.Head.Len > headLen || f.Tail.Len < 0 || f.Tail.Len > tailLen || int64(f.Tail.Len) > f.Offset {
			p.data = positionData{}
			return p, fmt.Errorf("read positions %s: the entry of %s is out of bounds", p.path, f.Path)
		}
	}
	return p, nil
}

// update changes the positions and writes them. The file is replaced as a whole, so a crash leaves the old one or the new one.
func (p *positions) update(change func(*positionData)) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	change(&p.data)
	p.data.Saved = time.Now()
	text, err := json.Marshal(p.data)
	if err != nil {
		return err
	}
	return writeWhole(p.path, text)
}

func writeWhole(path string, text []byte) error {
	f, err := os.OpenFile(path+".new", os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o640)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}

func (p *positions) cursor() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.data.Cursor
}
