package emf_test

import (
	"fmt"
	"os"
	"time"

	"coatcheck/core/telemetry"
	"coatcheck/core/telemetry/emf"
)

// A function writes behind each answer what is out of the ordinary, and the rest every ten
// seconds and at its end.
func Example() {
	noon := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	metrics := emf.New(os.Stdout, "MyApp", func() time.Time { return noon })
	metrics.Record(telemetry.EveryoneEnded, 1)
	metrics.Flush()
	metrics.Close()
	fmt.Println("done")
	// Output:
	// {"EveryoneEnded":1,"_aws":{"Timestamp":1793534400000,"CloudWatchMetrics":[{"Namespace":"MyApp","Dimensions":[[]],"Metrics":[{"Name":"EveryoneEnded","Unit":"Count"}]}]},"level":"INFO","timestamp":"2026-11-01T12:00:00Z"}
	// done
}
