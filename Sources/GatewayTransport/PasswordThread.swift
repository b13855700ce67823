internal import NIOPosix

/// The one thread on which passwords are checked: who sends many wrong ones keeps one core busy, no event loop, and
/// nobody whose password was checked before.
enum PasswordThread {
    private static let thread: NIOThreadPool = {
        let thread = NIOThreadPool(numberOfThreads: 1)
        thread.start()
        return thread
    }()

    static func run(_ work: @escaping @Sendable () -> Void) {
        thread.submit { _ in work() }
    }
}
