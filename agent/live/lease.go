package live

import (
	"slices"
	"time"

	"github.com/endscope/endscope/internal/liveframe"
)

// offsets is over how many messages of the server its clock is learned.
const offsets = 8

// lease is until when frames are wanted, and where the server's seconds begin. Not safe for concurrent use.
type lease struct {
	until  time.Time
	views  []liveframe.View
	seen   []time.Duration // how far the server's clock was ahead of ours, with the last messages
	last   int64           // the second of the last frame, or the one in which the lease began
	lastAt time.Time       // when that second's end was seen, by our clock
	begun  bool
}

// take notes what the server asks for. It returns whether frames are wanted.
func (l *lease) take(a *liveframe.Ask, now time.Time) bool {
	if a.TimeMS != 0 {
		l.seen = append(l.seen, time.UnixMilli(a.TimeMS).Sub(now))
		l.seen = l.seen[max(len(l.seen)-offsets, 0):]
	}
	if a.LeaseMS == 0 {
		return false
	}
	l.until, l.views = now.Add(time.Duration(a.LeaseMS)*time.Millisecond), a.Views
	return true
}

// ahead is how far the server's clock is ahead of ours: the message that was under way for the shortest time says it best.
func (l *lease) ahead() time.Duration {
	if len(l.seen) == 0 {
		return 0
	}
	return slices.Max(l.seen)
}

// untilNext is the time until the server's next second begins.
func (l *lease) untilNext(now time.Time) time.Duration {
	server := now.Add(l.ahead())
	return time.Second - time.Duration(server.Nanosecond())
}

// maxSpan is how much time a frame may stand for. One that stands for more, because the machine was held up, would show a peak that never was.
const maxSpan = 1700 * time.Millisecond

// ended returns the second of the server that ended now, at whose end somebody was woken up. It is over only once. It is whole, so that a frame of it can be
// sent, where about one second has passed since the end of the one before.
func (l *lease) ended(now time.Time) (second int64, over, whole bool) {
	second = now.Add(l.ahead()).Add(time.Second/4).Unix() - 1 // timers and the clock may differ a little
	span := now.Sub(l.lastAt)
	if l.begun && second <= l.last && span <= maxSpan {
		return second, false, false
	}
	whole = l.begun && second > l.last && span > 0 && span <= maxSpan
	l.last, l.lastAt, l.begun = second, now, true
	return second, true, whole
}
