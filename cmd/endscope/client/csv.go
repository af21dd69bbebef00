package client

import "io"

// lineFeeds writes CSV whose lines end in CR LF with LF alone, as the other commands of a shell do. What stands in quotes stays as it is.
type lineFeeds struct {
	to     io.Writer
	quoted bool
	buffer []byte
}

// Write returns the number of bytes of p that were taken, not of those that were written.
func (l *lineFeeds) Write(p []byte) (int, error) {
	l.buffer = l.buffer[:0]
	for _, b := range p {
		switch {
		case b == '"':
			l.quoted = !l.quoted
		case b == '\r' && !l.quoted: // no field without quotes has one
			continue
		}
		l.buffer = append(l.buffer, b)
	}
	if _, err := l.to.Write(l.buffer); err != nil {
		return 0, err
	}
	return len(p), nil
}
