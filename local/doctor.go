package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	awsconfig "github.com/aws/aws-sdk-go-v2/config"

	"coatcheck/core/settings"
	"coatcheck/local/doctor"
)

type doctorCmd struct {
	Stack   string        `default:"coatcheck" placeholder:"NAME" help:"Name of the stack, coatcheck unless said otherwise."`
	Region  string        `placeholder:"REGION" help:"AWS Region of the stack; default: that of the AWS configuration."`
	Timeout time.Duration `default:"2m" placeholder:"2m" help:"How long it may take; what is not answered by then is unknown."`
	JSON    bool          `help:"Print JSON."`
}

var (
	stackName  = regexp.MustCompile(`^([a-zA-Z][-a-zA-Z0-9]{0,127}|arn:[-a-z]+:cloudformation:[-a-z0-9]+:\d{12}:stack/[-a-zA-Z0-9/]{1,200})$`)
	regionName = regexp.MustCompile(`^[a-z]{2,}(-[a-z0-9]+)+$`)
)

// run examines a stack and prints one line a check. That something is not in order is
// an error.
func (c *doctorCmd) run(ctx context.Context, _ *cli, s streams) error {
	if err := c.check(); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, c.Timeout)
	defer cancel()
	config, err := c.config(ctx)
	if err != nil {
		return err
	}
	report := doctor.Examine(ctx, config, doctor.Options{Stack: c.Stack})
	if c.JSON {
		err = printJSON(s.out, report)
	} else {
		printReport(s.out, report)
	}
	return errors.Join(err, unhealthy(report))
}

// check returns what is wrong with the flags.
func (c *doctorCmd) check() error {
	var faults settings.Faults
	if !stackName.MatchString(c.Stack) {
		faults = append(faults, fmt.Errorf("--stack is %q: want the name of a CloudFormation stack, or its ARN", c.Stack))
	}
	if c.Region != "" && !regionName.MatchString(c.Region) {
		faults = append(faults, fmt.Errorf("--region is %q: want an AWS Region such as eu-central-1", c.Region))
	}
	if c.Timeout <= 0 {
		faults = append(faults, fmt.Errorf("--timeout is %v: want a duration such as 2m", c.Timeout))
	}
	if len(faults) > 0 {
		return faults
	}
	return nil
}

// config is that of every AWS program, with bounds for a command that somebody waits
// for. An account's control plane throttles at ten calls a second, so it is patient.
func (c *doctorCmd) config(ctx context.Context) (aws.Config, error) {
	config, err := awsconfig.LoadDefaultConfig(ctx,
		awsconfig.WithRegion(c.Region), // "" is none
		awsconfig.WithHTTPClient(awshttp.NewBuildableClient().
			WithDialerOptions(func(d *net.Dialer) { d.Timeout = 3 * time.Second }).
			WithTransportOptions(func(t *http.Transport) { t.ResponseHeaderTimeout = 10 * time.Second })),
		awsconfig.WithRetryer(func() aws.Retryer {
			return retry.NewStandard(func(o *retry.StandardOptions) { o.MaxAttempts, o.MaxBackoff = 6, 5*time.Second })
		}),
	)
	switch {
	case err != nil:
		return aws.Config{}, fmt.Errorf("AWS configuration: %w", err)
	case !regionName.MatchString(config.Region):
		return aws.Config{}, settings.Faults{fmt.Errorf("the AWS configuration's Region is %q: give --region, or set AWS_REGION", config.Region)}
	}
	// Here, since the error of a provider may hold what a credential process printed.
	if _, err := config.Credentials.Retrieve(ctx); err != nil {
		return aws.Config{}, errors.New("AWS credentials: there are none that can be used: sign in, or set AWS_PROFILE; aws sts get-caller-identity says more")
	}
	return config, nil
}

// printReport prints one line a check.
func printReport(w io.Writer, r doctor.Report) {
	for _, f := range r.Findings {
		line := fmt.Sprintf("%-7s  %-16s  %s: %s", f.Status, f.Check, f.Subject, f.Found)
		if f.Do != "" {
			line += ". To do: " + f.Do
		}
		fmt.Fprintln(w, line)
	}
}

// unhealthy says how many checks did not come out well, nil if none.
func unhealthy(r doctor.Report) error {
	if r.Healthy() {
		return nil
	}
	var parts []string
	if n := r.Count(doctor.Fail); n > 0 {
		parts = append(parts, fmt.Sprintf("%d failed", n))
	}
	if n := r.Count(doctor.Unknown); n > 0 {
		parts = append(parts, fmt.Sprintf("%d could not be answered", n))
	}
	return fmt.Errorf("of %d checks %s", len(r.Findings), strings.Join(parts, " and "))
}
