package alerts

import (
	"slices"
	"strings"
	"time"
)

// Holds says whether a schedule holds at an instant. A nil one always does; one whose times or zone cannot be read never does, so that a
// mistake keeps nobody from being told.
//
// Times are of the clock on the wall in the schedule's zone. Bounds are inclusive at the start and exclusive at the end. A time that the
// clock skips is the instant at which it skips; of one that comes twice a window takes the first as its start and the second as its end.
func (s *Schedule) Holds(at time.Time) bool {
	if s == nil {
		return true
	}
	zone, err := Zone(s.TimeZone)
	if err != nil {
		return false
	}
	for _, bound := range []struct {
		text string
		end  bool
	}{{s.EffectiveFrom, false}, {s.EffectiveUntil, true}} {
		if bound.text == "" {
			continue
		}
		wall, err := parseWall(bound.text)
		if err != nil {
			return false
		}
		if t := onWall(wall, zone, bound.end); bound.end == !at.Before(t) {
			return false
		}
	}
	return len(s.Recurrences) == 0 ||
		slices.ContainsFunc(s.Recurrences, func(r Recurrence) bool { return r.holds(at, zone) })
}

// holds says whether the instant is in a window that began today or yesterday.
func (r *Recurrence) holds(at time.Time, zone *time.Location) bool {
	start, end, err := r.times()
	if err != nil {
		return false
	}
	local := at.In(zone)
	today := time.Date(local.Year(), local.Month(), local.Day(), 0, 0, 0, 0, time.UTC)
	// Yesterday's window may last until today, and the window of the day after may have begun where the clock skips or goes back
	// over midnight.
	for back := -1; back <= 1; back++ {
		day := today.AddDate(0, 0, -back)
		if !r.on(day) {
			continue
		}
		if !at.Before(onWall(day.Add(start), zone, false)) && at.Before(onWall(day.Add(end), zone, true)) {
			return true
		}
	}
	return false
}

// times returns where the window starts and ends, from midnight of its day.
func (r *Recurrence) times() (start, end time.Duration, err error) {
	end = clockEnd
	if r.StartTime != "" {
		if start, err = parseClock(r.StartTime); err != nil {
			return 0, 0, err
		}
	}
	if r.EndTime != "" {
		if end, err = parseClock(r.EndTime); err != nil {
			return 0, 0, err
		}
		if end <= start {
			end += 24 * time.Hour
		}
	}
	return start, end, nil
}

// on says whether a window begins on a day.
func (r *Recurrence) on(day time.Time) bool {
	switch r.Type {
	case "Daily":
		return true
	case "Weekly":
		return slices.ContainsFunc(r.DaysOfWeek, func(d string) bool { return weekday(d) == int(day.Weekday()) })
	case "Monthly":
		last := time.Date(day.Year(), day.Month()+1, 0, 0, 0, 0, 0, time.UTC).Day()
		return slices.ContainsFunc(r.DaysOfMonth, func(d int) bool {
			return d > 0 && d == day.Day() || d < 0 && last+1+d == day.Day()
		})
	}
	return false
}

// weekday returns 0 for Sunday to 6 for Saturday, without regard to case, and -1 for anything else.
func weekday(name string) int {
	for d := time.Sunday; d <= time.Saturday; d++ {
		if strings.EqualFold(d.String(), name) {
			return int(d)
		}
	}
	return -1
}

// onWall returns the instant at which the clock on the wall in a zone shows what wall shows in UTC. Of two it returns the later one if
// so asked. A time that the clock skips is the instant at which it skips.
func onWall(wall time.Time, zone *time.Location, later bool) time.Time {
	_, before := wall.Add(-15 * time.Hour).In(zone).Zone()
	_, after := wall.Add(15 * time.Hour).In(zone).Zone()
	first := wall.Add(-time.Duration(max(before, after)) * time.Second)
	second := wall.Add(-time.Duration(min(before, after)) * time.Second)
	shows := func(t time.Time) bool {
		_, offset := t.In(zone).Zone()
		return t.Add(time.Duration(offset) * time.Second).Equal(wall)
	}
	switch {
	case shows(second) && (later || !shows(first)):
		return second
	case shows(first):
		return first
	}
	// Skipped: first is before the clock skips and second after.
	skip, _ := second.In(zone).ZoneBounds()
	return skip
}

// parseWall reads a local date with a time, or without one for midnight.
func parseWall(s string) (time.Time, error) {
	var first error
	for _, layout := range []string{"2006-01-02T15:04:05.999999999", "2006-01-02T15:04", "2006-01-02"} {
		t, err := time.Parse(layout, s)
		if err == nil {
			return t, nil
		}
		if first == nil {
			first = err
		}
	}
	return time.Time{}, first
}

// clockEnd is the end of a day on the wall.
const clockEnd = 24 * time.Hour

// parseClock reads 22:00:00 or 22:00; 24:00:00 is the end of the day.
func parseClock(s string) (time.Duration, error) {
	if s == "24:00" || s == "24:00:00" {
		return clockEnd, nil
	}
	t, err := time.Parse("15:04:05", s)
	if err != nil {
		if t, err = time.Parse("15:04", s); err != nil {
			return 0, err
		}
	}
	return time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute + time.Duration(t.Second())*time.Second, nil
}
