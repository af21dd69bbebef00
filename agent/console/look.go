package console

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
)

// Source is a place that Run would read, as Look found it.
type Source struct {
	Kind   string // file or journal
	Name   string // the path, the pattern that matches nothing, or the entry of console.journald
	Format string // of a file: plain, docker or cri; empty where its first line is not there yet
	Size   int64  // of a file, in bytes
	Err    error  // why it could not be read now; nil where it could
}

// Look finds what Run would read with this configuration, without reading it.
func (c Config) Look() []Source {
	var all []Source
	for _, pattern := range c.Files {
		found, failed := candidates([]string{pattern})
		for _, f := range found {
			all = append(all, lookAt(c, f.path))
		}
		for path, err := range failed {
			all = append(all, Source{Kind: sourceFile, Name: path, Err: err})
		}
		if len(found)+len(failed) == 0 {
			all = append(all, Source{Kind: sourceFile, Name: pattern, Err: errors.New("no file matches yet")})
		}
	}
	if len(c.Journald) > 0 {
		_, err := exec.LookPath(journalProgram)
		if err == nil && c.JournalDir != "" {
			_, err = os.Stat(c.JournalDir)
		}
		for _, entry := range c.Journald {
			all = append(all, Source{Kind: sourceJournal, Name: entry, Err: err})
		}
	}
	return all
}

func lookAt(c Config, path string) Source {
	s := Source{Kind: sourceFile, Name: filepath.Clean(path)}
	f, info, err := openFile(path)
	if err != nil {
		s.Err = err
		return s
	}
	defer f.Close()
	s.Size, s.Format = info.Size(), c.Format
	if c.Format == FormatAuto {
		s.Format = formatOfFile(f)
	}
	if beginsPacked(f) {
		s.Err = errors.New("the file is compressed")
	}
	return s
}
