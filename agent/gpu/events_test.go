package gpu

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func TestABurstOfXIDsIsCountedInFull(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, newFake(0), newFake(1))
		defer b.Close()
		b.must()
		for range 300 {
			b.source.stream.queue <- Event{Kind: EventXID, UUID: "GPU-0", GPUInstance: -1, XID: 31}
			b.source.stream.queue <- Event{Kind: EventXID, UUID: "GPU-0", GPUInstance: 3, XID: 31}
			b.source.stream.queue <- Event{Kind: EventXID, UUID: "GPU-1", GPUInstance: -1, XID: 79}
		}
		b.source.stream.queue <- Event{Kind: EventXID, UUID: "GPU-1", GPUInstance: -1, XID: 63}
		b.source.stream.queue <- Event{Kind: EventXID, UUID: "", XID: 63}
		synctest.Wait()
		v := b.must()
		gpu1 := "gpu=1,uuid=GPU-1,model=Fake H100"
		require.Equal(t, 300.0, v["gpu_xid_errors_total{"+gpu0+",xid=31}"])
		require.Equal(t, 300.0, v["gpu_xid_errors_total{"+gpu0+",gpu_instance=3,xid=31}"])
		require.Equal(t, 300.0, v["gpu_xid_errors_total{"+gpu1+",xid=79}"])
		require.Equal(t, 600.0, v["gpu_health_events_total{"+gpu0+",kind=xid,severity=info}"])
		require.Equal(t, 300.0, v["gpu_health_events_total{"+gpu1+",kind=xid,severity=critical}"])
		require.Equal(t, 1.0, v["gpu_health_events_total{"+gpu1+",kind=xid,severity=warning}"])
		require.Equal(t, 2, b.logs.count("first gpu health event"), "one line for each code, none for an application's fault")
	})
}

func TestEveryKindOfEventHasOneMeaning(t *testing.T) {
	table, err := loadHealth()
	require.NoError(t, err)
	seen := map[string]bool{}
	for k := EventXID; k <= EventRecoveryAction; k++ {
		kind, severity := table.health(Event{Kind: k, XID: 79})
		require.NotEmpty(t, kind, k)
		require.NotEmpty(t, severity, k)
		seen[kind] = true
	}
	require.Equal(t, map[string]bool{"xid": true, "ecc": true, "remap": true, "lost": true, "reset": true}, seen)
	for severity, xids := range map[string][]uint64{severityInfo: {13, 31, 43, 45}, severityCritical: {48, 62, 64, 74, 79, 95, 119, 120}, severityWarning: {8, 63, 94, 999}} {
		for _, x := range xids {
			require.Equal(t, severity, table.xid(x).Severity, x)
		}
	}
}

func TestABrokenStreamIsOpenedAgainAndCountsStay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, newFake(0))
		defer b.Close()
		b.must()
		b.source.stream.queue <- Event{Kind: EventXID, UUID: "GPU-0", GPUInstance: -1, XID: 48}
		b.source.stream.queue <- &Error{"wait", GPUIsLost}
		time.Sleep(10 * time.Second)
		b.must()
		require.Equal(t, 2, b.source.opened())
		b.source.stream.queue <- Event{Kind: EventXID, UUID: "GPU-0", GPUInstance: -1, XID: 48}
		synctest.Wait()
		require.Equal(t, 2.0, b.must()["gpu_xid_errors_total{"+gpu0+",xid=48}"])
		// Errors that pass are waited out; a stream that gives nothing else is given up.
		for range brokenAfter - 1 {
			b.source.stream.queue <- &Error{"wait", Unknown}
		}
		time.Sleep(20 * time.Second)
		b.must()
		require.Equal(t, 2, b.source.opened())
		for range brokenAfter {
			b.source.stream.queue <- &Error{"wait", Unknown}
		}
		time.Sleep(time.Minute)
		b.must()
		require.Equal(t, 3, b.source.opened())
	})
}

func TestEventsThatCannotBeRecordedAreSaidInTheError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, newFake(0))
		defer b.Close()
		b.source.eventsErr = &Error{"nvmlEventSetCreate", Unknown}
		v, err := b.round()
		require.ErrorContains(t, err, "record GPU events")
		require.NotEmpty(t, v.live())
		require.NotContains(t, v, "gpu_health_events_total{"+gpu0+",kind=xid,severity=info}", "nobody watches, so 0 would be invented")
	})
}

func TestAWaitThatComesBackAtOnceIsNoBusyLoop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, newFake(0))
		defer b.Close()
		b.must()
		for range 100 {
			b.source.stream.queue <- &Error{"wait", Timeout}
		}
		time.Sleep(20 * time.Second)
		require.InDelta(t, 80, len(b.source.stream.queue), 2)
	})
}
