package baseline

import (
	"math"
	"slices"
)

const (
	// seasonGain is by how much a season must lower the error of predicting a day that it was not learned from, to be used.
	seasonGain = 0.9
	// hourGain is the same for one hour alone, where the others are no better for it: a job that runs each night.
	hourGain = 0.6
	// minHourDays is how many days an hour alone needs.
	minHourDays = 4
	// weeklySlots is the history from which on weekly patterns are looked for.
	weeklySlots = 3 * week
)

// profile is what is usual at each hour: of the day or of the week, or always the same.
type profile struct {
	always float64
	daily  []float64 // nil, or what is added at each hour of the day
	weekly []float64 // nil, or what is added at each hour of the week
}

func (p *profile) at(hour int64) float64 {
	v := p.always
	if p.daily != nil {
		v += p.daily[hour%day]
	}
	if p.weekly != nil {
		v += p.weekly[hour%week]
	}
	return v
}

// usual learns a profile of values at hours; NaNs are passed over. It returns also, for each value, what the profile would say had
// that day not been seen (NaN for NaN): the difference is an honest error. The weekly pattern is looked for if the history is long enough.
func usual(hours []int64, values []float64) (profile, []float64) {
	p, without := dailyProfile(hours, values)
	if len(hours) > 0 && hours[len(hours)-1]-hours[0] >= weeklySlots-1 {
		rest := make([]float64, len(values))
		for i := range values {
			rest[i] = values[i] - without[i]
		}
		addWeekly(&p, without, hours, rest)
	}
	return p, without
}

func dailyProfile(hours []int64, values []float64) (profile, []float64) {
	without := make([]float64, len(values))
	var all []float64
	var byHour [day][]float64
	for i, v := range values {
		without[i] = math.NaN()
		if !math.IsNaN(v) {
			all = append(all, v)
			byHour[hours[i]%day] = append(byHour[hours[i]%day], v)
		}
	}
	if len(all) == 0 {
		return profile{}, without
	}
	slices.Sort(all)
	p := profile{always: sortedMedian(all)}
	for h := range byHour {
		slices.Sort(byHour[h])
	}
	// Errors with and without the season, of each hour.
	var seasonal, flat [day]float64
	var sumSeasonal, sumFlat float64
	for i, v := range values {
		if math.IsNaN(v) {
			continue
		}
		h := hours[i] % day
		without[i] = p.always
		if at, _ := slices.BinarySearch(byHour[h], v); len(byHour[h]) > 1 {
			without[i] = medianWithout(byHour[h], at)
		}
		seasonal[h] += math.Abs(v - without[i])
		flat[h] += math.Abs(v - p.always)
	}
	for h := range flat {
		sumSeasonal, sumFlat = sumSeasonal+seasonal[h], sumFlat+flat[h]
	}
	var use [day]bool
	whole := sumSeasonal < seasonGain*sumFlat
	for h := range use {
		use[h] = len(byHour[h]) > 0 && (whole || len(byHour[h]) >= minHourDays && seasonal[h] < hourGain*flat[h])
		if use[h] {
			if p.daily == nil {
				p.daily = make([]float64, day)
			}
			p.daily[h] = sortedMedian(byHour[h]) - p.always
		}
	}
	for i, v := range values {
		if !math.IsNaN(v) && !use[hours[i]%day] {
			without[i] = p.always
		}
	}
	return p, without
}

// addWeekly adds to a profile what it leaves over at each hour of the week, if that helps. Each hour is judged with its two neighbours,
// because each week gives only one value.
func addWeekly(p *profile, without []float64, hours []int64, rest []float64) {
	var byHour [week][]int // indexes of values
	for i, h := range hours {
		if !math.IsNaN(rest[i]) {
			byHour[h%week] = append(byHour[h%week], i)
		}
	}
	pattern := make([]float64, week)
	others := make([]float64, len(rest))
	var sumSeasonal, sumFlat float64
	var near, held []float64
	for h := range byHour {
		near = near[:0]
		for _, j := range [3]int{h + week - 1, h, h + 1} {
			for _, i := range byHour[j%week] {
				near = append(near, rest[i])
			}
		}
		if len(near) == 0 {
			continue
		}
		slices.Sort(near)
		pattern[h] = sortedMedian(near)
		for _, i := range byHour[h] {
			held = held[:0]
			for _, j := range [3]int{h + week - 1, h, h + 1} {
				for _, k := range byHour[j%week] {
					if d := hours[k] - hours[i]; d < -1 || d > 1 {
						held = append(held, rest[k])
					}
				}
			}
			if len(held) > 0 {
				slices.Sort(held)
				others[i] = sortedMedian(held)
			}
			sumSeasonal += math.Abs(rest[i] - others[i])
			sumFlat += math.Abs(rest[i])
		}
	}
	if sumSeasonal >= seasonGain*sumFlat {
		return
	}
	p.weekly = pattern
	for i := range without {
		without[i] += others[i]
	}
}
