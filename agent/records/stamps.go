package records

import "time"

// maxWriters bounds how many writers are remembered.
const maxWriters = 1024

// stamps keeps the rows of one writer in their order when they are sorted by time: rows of one instant, which clocks and log files with coarse
// times give, get times that are a tick apart. A time that lies before the writer's last one is kept: it is true, or a clock was set back.
// Not safe for concurrent use.
type stamps struct {
	writers map[string]stamp
}

type stamp struct {
	told  time.Time // as it came
	given time.Time // as it went out: at least told
}

// next returns the time for a row of a writer.
func (s *stamps) next(writer string, told time.Time) time.Time {
	told = told.Round(0).Truncate(tick)
	last, known := s.writers[writer]
	given := told
	if known && !told.Before(last.told) && !told.After(last.given) {
		given = last.given.Add(tick)
	}
	if !known {
		if s.writers == nil || len(s.writers) >= maxWriters {
			s.writers = map[string]stamp{}
		}
	}
	s.writers[writer] = stamp{told, given}
	return given
}
