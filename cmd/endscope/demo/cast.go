package demo

import (
	"encoding/base64"
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

// The containers of an instance: the scoring server, and where an instance has one, that which would bring newer models.
const (
	serverContainer = "inference-server"
	mountContainer  = "model-mount"
)

// role is one instance of the sample endpoint: how it behaves and which share of the traffic it gets.
type role struct {
	deployment, instance string
	model, image         string
	share                float64
	behaviour            scoring.Behaviour
	spareGPUs            int  // where GPUs are simulated
	mount                bool // has a second container, which would bring newer models
}

// cast returns the instances. Green is the newer version with the larger model: it asks the feature store for more, fails on applicants
// without a limit, and takes three tenths of the traffic. Its second instance is far from the store and cannot reach where models are, so
// that its second container starts again and again; its first holds a second GPU that it never uses: what there is to find.
func cast() []role {
	blue := scoring.Behaviour{Fetch: time.Second, Lookup: 15 * time.Millisecond, LookupFails: 0.003}
	green := scoring.Behaviour{Fetch: 1500 * time.Millisecond, Lookup: 22 * time.Millisecond, LookupFails: 0.003}
	slow := green
	slow.Lookup *= 5
	return []role{
		{"blue", "blue-1", "logistic", sampleEndpoint + "-blue:1", 0.35, blue, 0, false},
		{"blue", "blue-2", "logistic", sampleEndpoint + "-blue:1", 0.35, blue, 0, false},
		{"green", "green-1", "boosted", sampleEndpoint + "-green:2", 0.15, green, 1, false},
		{"green", "green-2", "boosted", sampleEndpoint + "-green:2", 0.15, slow, 0, true},
	}
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
		{"credit-portal/3.1 python-requests/2.32.3", key, true, 0.6},
		{"branch-office/7.0 (Windows NT 10.0; Win64; x64) WebView2/128.0.2739.42 (managed)",
			token(`{"iss":"https://sts.windows.net/72f988bf-86f1-41af-91ab-2d7cd011db47/","aud":"https://ml.azure.com","oid":"0b7f6c1e-52a4-4e0c-9a53-6f1f0d3c8e21"}`), true, 0.3},
		{"curl/8.5.0", key, false, 0.1},
	}
}

// reviewer returns the program that asks about rowsPerBatch applicants at once.
func reviewer() caller {
	return caller{userAgent: "nightly-review/1.4 (Go-http-client/1.1)", token: token(`{"iss":"azureml","sub":"nightly-review"}`), ids: true}
}

// key stands for the key of an endpoint. Nobody checks it.
const key = "Bearer the-key-of-the-demo"

// token returns what a real token with these claims looks like. It is not signed: nobody checks it, and proxies only read it.
func token(claims string) string {
	encode := base64.RawURLEncoding.EncodeToString
	return "Bearer " + encode([]byte(`{"alg":"none","typ":"JWT"}`)) + "." + encode([]byte(claims)) + "."
}

// rowsPerBatch is more than a proxy's limit on bandwidth lets through at once.
const rowsPerBatch = 80

// badInput is the share of requests that are sent with a value missing.
const badInput = 0.01

// rowsPerRequest returns how many applicants the nth request asks about: mostly one, at times a batch.
func rowsPerRequest(n float64) int { return 1 + int(math.Floor(4*n*n*n)) }
