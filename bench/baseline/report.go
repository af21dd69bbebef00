package main

import (
	"context"
	"fmt"
	"io"
	"math"
	"runtime"
	"sync"
)

// rules are the columns of the tables.
func rules() []string { return []string{"Low", "Medium", "High", "mean ± 3σ", "best static"} }

// score judges one series by every rule and condition.
func score(s series, conditions []condition) [][]result {
	all := make([][]result, len(conditions))
	for i, c := range conditions {
		for _, b := range append(dynamic(s, c), sigmas(s), static(s, c)) {
			all[i] = append(all[i], judge(s, b, c))
		}
	}
	return all
}

// judgeAll returns results by kind, condition and rule, summed over the seeds.
func judgeAll(ctx context.Context, kinds []kind, seeds []uint64, conditions []condition) [][][]result {
	sums := make([][][]result, len(kinds))
	for k := range sums {
		sums[k] = make([][]result, len(conditions))
		for c := range sums[k] {
			sums[k][c] = make([]result, len(rules()))
		}
	}
	type job struct {
		kind int
		seed uint64
	}
	jobs := make(chan job)
	var lock sync.Mutex
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for j := range jobs {
				got := score(kinds[j.kind].series(j.seed), conditions)
				lock.Lock()
				for c := range got {
					for r := range got[c] {
						sums[j.kind][c][r] = sums[j.kind][c][r].plus(got[c][r])
					}
				}
				lock.Unlock()
			}
		})
	}
	for k := range kinds {
		for _, seed := range seeds {
			if ctx.Err() == nil {
				jobs <- job{k, seed}
			}
		}
	}
	close(jobs)
	workers.Wait()
	return sums
}

func share(v float64) string {
	if math.IsNaN(v) {
		return "–"
	}
	return fmt.Sprintf("%.2f", v)
}

// totals prints the table over all kinds of a sort.
func totals(w io.Writer, sums [][][]result, condition int) {
	fmt.Fprintln(w, "| rule | alerts | precision | recall | F1 | false alerts a week | delay |\n|---|---|---|---|---|---|---|")
	for r, name := range rules() {
		var sum result
		for k := range sums {
			sum = sum.plus(sums[k][condition][r])
		}
		delay := "–"
		if sum.caught > 0 {
			delay = fmt.Sprintf("%.0f min", sum.delay.Minutes()/float64(sum.caught))
		}
		fmt.Fprintf(w, "| %s | %d | %s | %s | %s | %.2f | %s |\n", name, sum.alerts, share(sum.precision()), share(sum.recall()), share(sum.f1()),
			float64(sum.alerts-sum.right)/sum.weeks, delay)
	}
}

// byKind prints precision / recall / false alerts a week of each kind.
func byKind(w io.Writer, kinds []kind, sums [][][]result, condition int) {
	fmt.Fprint(w, "| series | anomalies |")
	for _, name := range rules() {
		fmt.Fprintf(w, " %s |", name)
	}
	fmt.Fprintln(w, "\n|---|---|---|---|---|---|---|")
	for k, kind := range kinds {
		fmt.Fprintf(w, "| %s | %d |", kind.name, sums[k][condition][0].labels)
		for _, r := range sums[k][condition] {
			fmt.Fprintf(w, " %s / %s / %.2f |", share(r.precision()), share(r.recall()), float64(r.alerts-r.right)/r.weeks)
		}
		fmt.Fprintln(w)
	}
}
