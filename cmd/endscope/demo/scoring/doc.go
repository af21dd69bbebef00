// Package scoring is the sample model server of the demo: it answers how likely an applicant is to default on credit, over HTTP.
//
// It owns the generated applicants, two small models that are trained on them at start (a logistic regression and gradient-boosted
// stumps), the HTTP handlers (a score; or, in words that come one by one, what made it), its measurements in the canonical endpoint_*
// and model_* series, and what it says of each request: a Traffic, and lines on its console. It does not own the process around it, the
// agent that pushes the measurements, who pushes the logs, or the load. It may import nothing else of ours.
//
// What is computed is computed: the scores come from the models. What is played is the wait for a feature store, without which
// every answer would take microseconds (see Behaviour), and the pace of words. The console is worded as that of a server in Python.
//
// A Server is safe for concurrent use; a Generator is not.
package scoring
