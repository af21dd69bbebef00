package scoring

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// auc returns the probability that a defaulting applicant scores higher than one who pays; 0.5 is guessing.
func auc(t *testing.T, m Model) float64 {
	rows, outcomes := sample(7, 1200) // not those of the training
	var good, bad []float64
	for i, a := range rows {
		if a[colLimit] == 0 {
			continue
		}
		p, err := m.Score(a)
		require.NoError(t, err)
		require.True(t, p > 0 && p < 1, "%v", p)
		if outcomes[i] {
			bad = append(bad, p)
		} else {
			good = append(good, p)
		}
	}
	wins := 0.0
	for _, b := range bad {
		for _, g := range good {
			if b > g {
				wins++
			}
		}
	}
	return wins / float64(len(bad)*len(good))
}

func TestModelsPredictApplicantsThatTheyHaveNotSeen(t *testing.T) {
	require.Greater(t, auc(t, TrainLogistic()), 0.7)
	require.Greater(t, auc(t, TrainBoosted()), 0.7)
}

func TestOnlyTheBoostedModelFailsWithoutALimit(t *testing.T) {
	a, _ := NewGenerator(1).Next()
	a[colLimit] = 0
	_, err := TrainLogistic().Score(a)
	require.NoError(t, err)
	_, err = TrainBoosted().Score(a)
	require.ErrorIs(t, err, ErrModel)
}

func TestAboutOneInFiveDefaultsAndFewHaveNoLimit(t *testing.T) {
	rows, outcomes := sample(3, 5000)
	defaults, without := 0, 0
	for i := range rows {
		if outcomes[i] {
			defaults++
		}
		if rows[i][colLimit] == 0 {
			without++
		}
	}
	require.InDelta(t, 0.2, float64(defaults)/5000, 0.06)
	require.InDelta(t, 0.03, float64(without)/5000, 0.01)
}
