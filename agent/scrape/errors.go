package scrape

import (
	"errors"
	"fmt"
)

func seriesLimit(most int) error {
	return fmt.Errorf("page has more than max_series series: must be at most %d", most)
}

func bucketError(name string) error {
	return fmt.Errorf("buckets of histogram %.80q contradict each other", name)
}

func factorError(name string, factor float64) error {
	return fmt.Errorf("native histogram %.80q has exponential buckets, which cannot be multiplied by %v", name, factor)
}

// within puts key in front of each of the errors that err joins, so that each line of the message says where it belongs.
func within(key string, err error) error {
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return fmt.Errorf("%s: %w", key, err)
	}
	var all []error
	for _, e := range joined.Unwrap() {
		all = append(all, within(key, e))
	}
	return errors.Join(all...)
}
