package console

import (
	"regexp"
	"strings"
	"time"
)

// joiner makes rows of lines: a line that continues the one before, as in a traceback, goes into the same row. It holds one row.
type joiner struct {
	cfg   MultilineConfig
	start *regexp.Regexp // of Config.Start; nil uses what is known about languages
	emit  func(at time.Time, message string)

	open    bool
	at      time.Time // of the first line
	touched time.Time // when the last line came
	offset  int64     // where the first line begins in its source
	head    string    // the first line
	text    []byte    // all lines, once there are two
	last    string    // the last line that was not blank
	lines   int
	blanks  int // blank lines after last, which are part of the row only if something follows
	trace   trace
}

// add takes the next line. At is its time, now is when it came, offset is where it begins in its source.
func (j *joiner) add(at, now time.Time, line string, offset int64) {
	if !j.cfg.Enabled {
		if strings.TrimSpace(line) != "" {
			j.emit(at, line)
		}
		return
	}
	if strings.TrimSpace(line) == "" {
		switch {
		case !j.open:
		case j.blanks < 2 && (j.start != nil || j.trace.spansBlanks()):
			j.blanks++
			j.touched = now
		default:
			j.flush()
		}
		return
	}
	continues := false
	if j.open {
		if j.start != nil {
			continues = !j.start.MatchString(line)
		} else {
			continues = j.trace.continues(line, j.last, j.blanks > 0)
		}
	}
	if !continues {
		j.flush()
		j.trace = traceOf(line)
	} else if j.lines+j.blanks >= j.cfg.MaxLines || j.size()+j.blanks+1+len(line) > int(j.cfg.MaxBytes) {
		j.flush() // the row is full, but its kind goes on in the next
	}
	if !j.open {
		j.open, j.at, j.offset, j.head, j.lines = true, at, offset, line, 1
	} else {
		if j.lines == 1 {
			j.text = append(j.text[:0], j.head...)
		}
		for range j.blanks {
			j.text = append(j.text, '\n')
		}
		j.text = append(append(j.text, '\n'), line...)
		j.lines += 1 + j.blanks
	}
	j.last, j.touched, j.blanks = line, now, 0
}

func (j *joiner) size() int {
	if j.lines == 1 {
		return len(j.head)
	}
	return len(j.text)
}

// expire gives the row out if nothing has come for the time that it waits.
func (j *joiner) expire(now time.Time) {
	if j.open && now.Sub(j.touched) >= j.cfg.Wait {
		j.flush()
		j.trace = trace{}
	}
}

// flush gives the row in hand out.
func (j *joiner) flush() {
	if !j.open {
		return
	}
	message := j.head
	if j.lines > 1 {
		message = string(j.text)
	}
	if cap(j.text) > 16<<10 {
		j.text = nil
	}
	j.open, j.head, j.last, j.lines, j.blanks = false, "", "", 0, 0
	j.emit(j.at, message)
}
