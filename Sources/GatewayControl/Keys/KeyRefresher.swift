internal import Bytes
internal import GatewayModel
internal import JOSE
package import Logging
internal import ServiceLifecycle

/// Has new keys served: what compiles and publishes snapshots, as the refresher sees it.
package protocol KeyConsumer: Sendable {
    /// Serves by the keys the sources have now. Answers when every event loop does.
    func keysChanged() async
}

/// Keeps the keys of all remote sources fresh: one task per source, off the way of requests.
package struct KeyRefresher: Service {
    private let sources: RemoteKeySources
    private let fetcher: any RemoteDocumentFetcher
    private let consumer: any KeyConsumer
    private let logger: Logger

    package init(
        _ sources: RemoteKeySources, fetcher: any RemoteDocumentFetcher, consumer: any KeyConsumer, logger: Logger
    ) {
        self.sources = sources
        self.fetcher = fetcher
        self.consumer = consumer
        self.logger = logger
    }

    package func run() async throws {
        await cancelWhenGracefulShutdown {
            await withDiscardingTaskGroup { group in
                // Held, so that no other object comes to be taken for one of them.
                var kept: [RemoteKeySource] = []
                while !Task.isCancelled {
                    let all = sources.all
                    for source in all where !kept.contains(where: { $0 === source }) {
                        group.addTask { await keep(source) }
                    }
                    kept = all
                    await sources.added.wait(for: nil)
                }
                group.cancelAll()
            }
        }
    }

    private func keep(_ source: RemoteKeySource) async {
        while !Task.isCancelled, !source.isRetired {
            switch source.next() {
            case .wait(let time): await source.alarm.wait(for: time)
            case .fetch: await fetch(source)
            case .expire:
                source.expire()
                logger.error("the keys at \(source.name) are too old to be used: tokens that need them are refused")
                await consumer.keysChanged()
            }
        }
    }

    private func fetch(_ source: RemoteKeySource) async {
        let outcome = await source.fetch(with: fetcher)
        switch outcome {
        case .changed:
            await consumer.keysChanged()
            let status = source.status
            let count = status.keys.count
            logger.info("fetched \(count) key\(count == 1 ? "" : "s") from \(source.name)")
            for finding in status.findings where finding.severity > .note {
                logger.warning("keys at \(source.name): \(TerminalText.line(finding.message))")
            }
        case .unchanged: logger.debug("the keys at \(source.name) are unchanged")
        case .failed where Task.isCancelled: break
        case .failed(let failure, let isNews):
            logger.log(
                level: isNews ? .warning : .debug, "cannot fetch keys: \(TerminalText.line(failure.description))")
        }
        source.settled(after: outcome)
        if case .failed = outcome { return }
        do {
            try sources.save(source)
        } catch {
            logger.warning("the keys at \(source.name) would not outlive a restart: \(error)")
        }
    }
}
