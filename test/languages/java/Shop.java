import io.github.cdkasyncpatterns.AsyncWorker;
import io.github.cdkasyncpatterns.Backoff;
import io.github.cdkasyncpatterns.CircuitBreaker;
import io.github.cdkasyncpatterns.ExponentialBackoffOptions;
import io.github.cdkasyncpatterns.Handler;
import io.github.cdkasyncpatterns.Idempotency;
import software.amazon.awscdk.App;
import software.amazon.awscdk.Duration;
import software.amazon.awscdk.Stack;

public class Shop {
  public static void main(String[] args) {
    App app = new App();
    Stack stack = new Stack(app, "Shop");
    AsyncWorker.Builder.create(stack, "Orders")
        .handler(Handler.fromEntry("orders.ts"))
        .timeout(Duration.seconds(20))
        .backoff(Backoff.exponential(ExponentialBackoffOptions.builder().initial(Duration.seconds(10)).build()))
        .idempotency(Idempotency.table())
        .circuitBreaker(CircuitBreaker.Builder.create(stack, "Payments").failureRatio(0.2).build())
        .build();
    app.synth();
  }
}
