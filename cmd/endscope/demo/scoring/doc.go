// Package scoring is the sample model server of the demo: it answers how likely an applicant is to default on credit, over HTTP.
//
// It owns the generated applicants, two small models that are trained on them at start (a logistic regression and gradient-boosted
// stumps), the HTTP handlers (a score; or, in words that come one by one, what made it), and its measurements in the canonical endpoint_*
// and model_* series. It does not own the process around it, the
// agent that pushes the measurements, or the load. It may import nothing else of ours.
//
// What is computed is computed: the scores come from the models. What is played is the wait for a feature store, without which
// every answer would take microseconds (see Behaviour), and the pace of words.
//
// A Server is safe for concurrent use; a Generator is not.
package scoring
