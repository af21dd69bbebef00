package scrape

import "fmt"

func seriesLimit(most int) error {
	return fmt.Errorf("page has more than max_series series: must be at most %d", most)
}

func bucketError(name string) error {
	return fmt.Errorf("buckets of histogram %.80q contradict each other", name)
}

func factorError(name string, factor float64) error {
	return fmt.Errorf("native histogram %.80q has exponential buckets, which cannot be multiplied by %v", name, factor)
}
