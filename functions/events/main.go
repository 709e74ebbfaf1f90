// The events function tells an event bus what the streams of the tables say: that a
// session ended and that a user changed. The events are those of package events, which
// docs/events.md describes.
package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"

	"coatcheck/functions/internal/environment"
)

func main() {
	if err := run(context.Background(), os.Getenv); err != nil {
		fmt.Fprintln(os.Stderr, "events:", err)
		os.Exit(1)
	}
}

// run serves until Lambda ends the process. It returns with an error if the settings are
// wrong, all faults together.
func run(ctx context.Context, getenv func(string) string) error {
	c, err := read(getenv)
	if err != nil {
		return err
	}
	log := environment.SetLog(os.Stdout, c.level)
	loaded, err := config.LoadDefaultConfig(ctx, config.WithRegion(c.region))
	if err != nil {
		return fmt.Errorf("load AWS configuration: %w", err)
	}
	client := eventbridge.NewFromConfig(loaded)
	put := func(ctx context.Context, in *eventbridge.PutEventsInput) (*eventbridge.PutEventsOutput, error) {
		return client.PutEvents(ctx, in)
	}
	lambda.StartWithOptions((&teller{c.bus, put, log}).handle, lambda.WithContext(ctx))
	return nil
}

// configuration is what the environment says, understood.
type configuration struct {
	bus, region string
	level       slog.Level
}

func read(getenv func(string) string) (configuration, error) {
	r := environment.New(getenv)
	c := configuration{
		bus:    r.Required("event-bus", "the name or the ARN of an EventBridge event bus"),
		region: r.Region(), level: r.LogLevel(),
	}
	return c, r.Err()
}
