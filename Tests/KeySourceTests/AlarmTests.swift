import GatewayControl
import Testing

@Suite(.timeLimit(.minutes(1))) struct `An alarm` {
    private let alarm = Alarm()

    @Test func `lets the next sleeper pass where it was raised before, and only that one`() async {
        alarm.raise()
        alarm.raise()
        await alarm.wait(for: nil)
        let start = ContinuousClock.now
        await alarm.wait(for: .milliseconds(20))
        #expect(ContinuousClock.now - start >= .milliseconds(20))
    }

    @Test func `wakes its sleeper from another task, whichever comes first`() async {
        for _ in 0..<1000 {
            async let sleep: Void = alarm.wait(for: .seconds(30))
            alarm.raise()
            await sleep
        }
    }

    @Test func `wakes when the time is up`() async {
        for _ in 0..<100 { await alarm.wait(for: .microseconds(10)) }
    }

    @Test func `wakes when its task is cancelled`() async {
        let task = Task { [alarm] in await alarm.wait(for: nil) }
        task.cancel()
        await task.value
    }
}
