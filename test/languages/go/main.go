package main

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"
	patterns "github.com/cdk-async-patterns/cdk-async-patterns-go/cdkasyncpatterns"
)

func main() {
	defer jsii.Close()
	app := awscdk.NewApp(nil)
	stack := awscdk.NewStack(app, jsii.String("Shop"), nil)
	patterns.NewAsyncWorker(stack, jsii.String("Orders"), &patterns.AsyncWorkerProps{
		Handler: patterns.Handler_FromEntry(jsii.String("orders.ts"), nil),
		Timeout: awscdk.Duration_Seconds(jsii.Number(20)),
		Backoff: patterns.Backoff_Exponential(&patterns.ExponentialBackoffOptions{
			Initial: awscdk.Duration_Seconds(jsii.Number(10)),
		}),
		Idempotency: patterns.Idempotency_Table(nil),
		CircuitBreaker: patterns.NewCircuitBreaker(stack, jsii.String("Payments"), &patterns.CircuitBreakerProps{
			FailureRatio: jsii.Number(0.2),
		}),
	})
	app.Synth(nil)
}
