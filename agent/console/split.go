package console

import "bytes"

// rawLine is one line as its source wrote it, without its end. Text is valid until the call that it is passed to returns.
type rawLine struct {
	text       []byte
	cut        int   // bytes that the line had beyond the splitter's limit
	start, end int64 // offsets of its first byte and of the byte after its end
}

// splitter cuts a flow of bytes into lines. It holds at most two lines of max bytes, however long a line is.
type splitter struct {
	max int
	// bars says that a carriage return begins the line anew, as on a terminal, so that only the last state of a progress bar is left.
	bars bool
	emit func(rawLine)
	// first, if set, gets the first state of a line that a carriage return begins anew: the moment at which the work began that a bar shows.
	first func([]byte)

	buf    []byte // the line, or its state, in hand
	cut    int
	before []byte // the last state before buf that was not blank
	told   bool   // first got a state of this line
	cr     bool   // the last byte was a carriage return
	start  int64
	pos    int64 // of the next byte
}

// feed takes the next bytes.
func (s *splitter) feed(p []byte) {
	for len(p) > 0 {
		i := bytes.IndexByte(p, '\n')
		if i < 0 {
			s.take(p)
			s.pos += int64(len(p))
			return
		}
		if s.cut == 0 && len(s.buf) == 0 && !s.cr && len(s.before) == 0 && i <= s.max && bytes.IndexByte(p[:i], 0) < 0 && (!s.bars || bytes.IndexByte(p[:i], '\r') < 0) {
			end := s.pos + int64(i) + 1
			s.emit(rawLine{text: p[:i], start: s.start, end: end}) // the usual line is not copied
			s.pos, s.start = end, end
		} else {
			s.take(p[:i])
			s.pos += int64(i) + 1
			s.end()
		}
		p = p[i+1:]
	}
}

func (s *splitter) take(p []byte) {
	for len(p) > 0 {
		if s.cr {
			s.cr = false
			s.turn()
		}
		i := -1
		if s.bars {
			i = bytes.IndexByte(p, '\r')
		}
		if i < 0 {
			s.add(p)
			return
		}
		s.add(p[:i])
		s.cr = true
		p = p[i+1:]
	}
}

// turn puts the state in hand aside, because the next one takes its place.
func (s *splitter) turn() {
	if len(bytes.TrimSpace(s.buf)) > 0 {
		if s.first != nil && !s.told {
			s.told = true
			s.first(s.buf)
		}
		s.before, s.buf = s.buf, s.before
	}
	s.buf, s.cut = s.buf[:0], 0
}

// add appends what fits. NUL bytes are not text: a log that was truncated under its writer begins with millions of them.
func (s *splitter) add(p []byte) {
	for len(p) > 0 {
		piece := p
		if i := bytes.IndexByte(p, 0); i >= 0 {
			piece = p[:i]
			p = p[i:]
			for len(p) > 0 && p[0] == 0 {
				p = p[1:]
			}
		} else {
			p = nil
		}
		if room := s.max - len(s.buf); len(piece) > room {
			s.cut += len(piece) - room
			piece = piece[:room]
		}
		s.buf = append(s.buf, piece...)
	}
}

// end gives the line in hand out.
func (s *splitter) end() {
	text, cut := s.buf, s.cut
	if len(bytes.TrimSpace(text)) == 0 && len(s.before) > 0 {
		text, cut = s.before, 0
	}
	s.emit(rawLine{text: text, cut: cut, start: s.start, end: s.pos})
	s.reset(s.pos)
}

// flush gives out what came of a line whose end has not come, if that is anything.
func (s *splitter) flush() {
	if s.pending() {
		s.end()
	}
}

// pending reports whether a line has begun.
func (s *splitter) pending() bool { return s.pos > s.start }

// reset forgets the line in hand; the next byte is the one at pos.
func (s *splitter) reset(pos int64) {
	if cap(s.buf) > 4<<10 || cap(s.before) > 4<<10 {
		s.buf, s.before = nil, nil
	}
	s.buf, s.before = s.buf[:0], s.before[:0]
	s.cut, s.told, s.cr = 0, false, false
	s.start, s.pos = pos, pos
}
