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
	spareGPUs            int  // where GPUs are simulated
	mount                bool // has a second container, which would bring newer models
}

// cast returns the instances. Green is the newer version with the larger model: it asks the feature store for more, fails on applicants
// without a limit, and takes three tenths of the traffic. Its second instance is far from the store and cannot reach where models are, so
// that its second container starts again and again; its first holds a second GPU that it never uses: what there is to find.
func cast() []role {
	blue := scoring.Behaviour{Lookup: 15 * time.Millisecond, LookupFails: 0.003}
	green := scoring.Behaviour{Lookup: 22 * time.Millisecond, LookupFails: 0.003}
	slow := green
	slow.Lookup *= 5
	return []role{
		{"blue", "blue-1", "logistic", 0.35, blue, 0, false},
		{"blue", "blue-2", "logistic", 0.35, blue, 0, false},
		{"green", "green-1", "boosted", 0.15, green, 1, false},
		{"green", "green-2", "boosted", 0.15, slow, 0, true},
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

// caller is a program that sends requests.
type caller struct {
	userAgent string
	token     string // as in an Authorization header
	ids       bool   // gives its requests ids
	share     float64
}

// callers returns the programs that send requests about a few applicants.
func callers() []caller {
	return []caller{
		{"credit-portal/3.1 python-requests/2.32.3", scoring.Token("Key", ""), true, 0.6},
		{"branch-office/7.0 (Windows NT 10.0; Win64; x64) WebView2/128.0.2739.42 (managed)", scoring.Token("AADToken", "0b7f6c1e-52a4-4e0c-9a53-6f1f0d3c8e21"), true, 0.3},
		{"curl/8.5.0", scoring.Token("Key", ""), false, 0.1},
	}
}

// reviewer returns the program that asks about rowsPerBatch applicants at once.
func reviewer() caller {
	return caller{userAgent: "nightly-review/1.4 (Go-http-client/1.1)", token: scoring.Token("AMLToken", ""), ids: true}
}

// rowsPerBatch is more than an instance's limit on bandwidth lets through at once.
const rowsPerBatch = 80

// badInput is the share of requests that are sent with a value missing.
const badInput = 0.01

// rowsPerRequest returns how many applicants the nth request asks about: mostly one, at times a batch.
func rowsPerRequest(n float64) int { return 1 + int(math.Floor(4*n*n*n)) }
