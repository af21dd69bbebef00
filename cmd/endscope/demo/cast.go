package demo

import (
	"fmt"
	"math"
	"time"

	"github.com/endscope/endscope/cmd/endscope/demo/scoring"
)

// sampleEndpoint is the endpoint that the demo brings.
const sampleEndpoint = "credit-default"

// The scope of the machine itself; its instance is the host's name. It is an endpoint of its own, because what it is read for is not
// the traffic of a model.
const (
	machineEndpoint   = "this-machine"
	machineDeployment = "local"
)

// role is one instance of the sample endpoint: how it behaves and which share of the traffic it gets.
type role struct {
	deployment, instance string
	model                string
	share                float64
	behaviour            scoring.Behaviour
	spareGPUs            int // where GPUs are simulated
}

// cast returns the instances. Green is the newer version with the larger model: it asks the feature store for more, fails on applicants
// without a limit, and takes three tenths of the traffic. Its second instance is far from the store, and its
// first holds a second GPU that it never uses: what there is to find.
func cast() []role {
	blue := scoring.Behaviour{Lookup: 15 * time.Millisecond, LookupFails: 0.003}
	green := scoring.Behaviour{Lookup: 22 * time.Millisecond, LookupFails: 0.003}
	slow := green
	slow.Lookup *= 5
	return []role{
		{"blue", "blue-1", "logistic", 0.35, blue, 0},
		{"blue", "blue-2", "logistic", 0.35, blue, 0},
		{"green", "green-1", "boosted", 0.15, green, 1},
		{"green", "green-2", "boosted", 0.15, slow, 0},
	}
}

func newModel(name string) (scoring.Model, error) {
	switch name {
	case "logistic":
		return scoring.TrainLogistic(), nil
	case "boosted":
		return scoring.TrainBoosted(), nil
	}
	return nil, fmt.Errorf("no model is called %q: must be logistic or boosted", name)
}

// badInput is the share of requests that are sent with a value missing.
const badInput = 0.01

// rowsPerRequest returns how many applicants the nth request asks about: mostly one, at times a batch.
func rowsPerRequest(n float64) int { return 1 + int(math.Floor(4*n*n*n)) }
