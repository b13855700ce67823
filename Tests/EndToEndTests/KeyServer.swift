import Foundation
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// An HTTP server that gives out keys, well or badly, as the test says at the time.
final class KeyServer: Sendable {
    enum Behaviour: Sendable {
        /// 200 with this document, for every path that has none of its own.
        case document(String, lines: String = "")
        /// By path; others are 404.
        case documents([String: String])
        /// 200 with a version, and 304 where it is asked with.
        case versioned(String, entityTag: String)
        /// These bytes as they are, and the end of the connection.
        case raw(String)
        /// 200 and a body without end.
        case endless
        /// Takes the request and says nothing.
        case silent
        /// A byte now and then.
        case trickle
    }

    /// What the threads share; they never hold the server itself.
    fileprivate final class Shared: Sendable {
        struct State {
            var behaviour: Behaviour
            var heads: [String] = []
            var isListening = false
            var isEnded = false
        }

        let state: Mutex<State>

        init(_ behaviour: Behaviour) { state = Mutex(State(behaviour: behaviour)) }
    }

    let port: Int
    private let shared: Shared

    init(_ behaviour: Behaviour) throws {
        let (listener, port) = try Sockets.listen()
        self.port = port
        shared = Shared(behaviour)
        shared.accept(listener)
    }

    deinit { stop() }

    var url: String { "http://127.0.0.1:\(port)" }

    /// The heads of all requests that came.
    var heads: [String] { shared.state.withLock { $0.heads } }

    func behave(_ behaviour: Behaviour) {
        shared.state.withLock { $0.behaviour = behaviour }
    }

    /// Ends the server: nobody listens any more.
    func stop() {
        shared.state.withLock { $0.isEnded = true }
        while shared.state.withLock({ $0.isListening }) { poll(nil, 0, 1) }
    }

    /// Listens again where it listened before.
    func restart() throws {
        shared.state.withLock { $0.isEnded = false }
        shared.accept(try Sockets.listen(port: port).descriptor)
    }
}

extension KeyServer.Shared {
    fileprivate func accept(_ listener: Int32) {
        state.withLock { $0.isListening = true }
        Thread { [self] in
            while !state.withLock({ $0.isEnded }) {
                guard Sockets.wait(listener, for: Int16(POLLIN), 20), let descriptor = Sockets.accept(listener)
                else { continue }
                Thread { [self] in serve(Wire(descriptor: descriptor)) }.start()
            }
            Sockets.close(listener)
            state.withLock { $0.isListening = false }
        }.start()
    }

    private func serve(_ wire: Wire) {
        while let head = try? wire.readHead() {
            let behaviour = state.withLock { state in
                state.heads.append(head)
                return state.behaviour
            }
            guard (try? answer(wire, head, behaviour)) == true else { return wire.close() }
        }
    }

    /// Answers; whether the connection stays.
    private func answer(_ wire: Wire, _ head: String, _ behaviour: KeyServer.Behaviour) throws -> Bool {
        switch behaviour {
        case .document(let text, let lines): try wire.answer(text, lines)
        case .documents(let texts):
            let path = head.split(separator: " ").dropFirst().first.map(String.init) ?? ""
            if let text = texts[path] {
                try wire.answer(text, "")
            } else {
                try wire.answer("", status: "404 Not Found")
            }
        case .versioned(let text, let entityTag):
            if head.lowercased().contains("if-none-match: \(entityTag)\r\n") {
                try wire.send("HTTP/1.1 304 Not Modified\r\nETag: \(entityTag)\r\n\r\n")
            } else {
                try wire.answer(text, "ETag: \(entityTag)\r\n")
            }
        case .raw(let text):
            try wire.send(text)
            return false
        case .endless:
            try wire.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            while true { try wire.send("10\r\n0123456789abcdef\r\n") }
        case .silent: _ = try wire.readToEnd()
        case .trickle:
            try wire.send("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
            for _ in 0..<1000 {
                try wire.send(" ")
                poll(nil, 0, 100)
            }
        }
        return true
    }
}

/// A program that runs beside the test and says on its first line where it listens.
final class HelperProcess {
    let port: Int
    private let process = Process()

    init(_ program: String, _ arguments: [String], in folder: URL) throws {
        let output = Pipe()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = [program] + arguments
        process.currentDirectoryURL = folder
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        var line = ""
        while !line.hasSuffix("\n"), let byte = try output.fileHandleForReading.read(upToCount: 1), !byte.isEmpty {
            line += String(decoding: byte, as: UTF8.self)
        }
        guard let port = Int(line.trimmingCharacters(in: .whitespacesAndNewlines)) else {
            kill(process.processIdentifier, SIGKILL)
            throw WireFailure.broken("\(program) does not say where it listens: \(line)")
        }
        self.port = port
    }

    /// One whose port is known.
    init(_ program: String, _ arguments: [String], in folder: URL, port: Int) throws {
        self.port = port
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = [program] + arguments
        process.currentDirectoryURL = folder
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
    }

    deinit { end() }

    /// Ends it, as a machine that fails does. A signal that could be blocked might be: the threads that tests run on
    /// block most of them, and children inherit that.
    func end() {
        guard process.isRunning else { return }
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }

    /// Runs a program to its end.
    static func run(_ program: String, _ arguments: [String], in folder: URL) throws {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = [program] + arguments
        process.currentDirectoryURL = folder
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw WireFailure.broken("\(program) failed") }
    }
}
