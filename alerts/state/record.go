package state

import (
	"time"

	"github.com/endscope/endscope/alerts"
)

// Record is a stored alert.
type Record struct {
	alerts.Alert
	// FiredValues, FiredStart and FiredEnd are the values and the window of the check that fired; those of the Alert are of the check
	// that resolved, once one did.
	FiredValues          []alerts.CriterionValue
	FiredStart, FiredEnd time.Time
	UserState            alerts.UserState
	ChangedAt            time.Time // by the server's clock: condition or user state
	Groups               []string  // action groups that are told, after processing rules; sorted
	Suppressed           bool      // a processing rule says that nobody is told
	Finding              *alerts.Finding
	Seq                  int64 // rises with every alert; it is of this store only
}
