// Package promql holds a test only: upstream's acceptance suite of PromQL on our engine over our store. It is here because query and
// tsdb do not know each other. It owns nothing else. It may import both.
package promql
