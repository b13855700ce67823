import Foundation
import GatewayControl
import Testing

@Suite final class `The store of fetched keys` {
    private let folder = FileManager.default.temporaryDirectory.appending(path: "tollgate-keys-\(UUID().uuidString)")
    private let binding = KeyBinding(url: "https://issuer.test/keys?a=\"b\"", issuers: ["https://issuer.test"])
    private let keys = FetchedKeys(
        document: Array(#"{"keys":[{"kty":"oct"}]}"#.utf8), fetchedAt: 1_800_000_000, lifetime: .seconds(900))

    deinit { try? FileManager.default.removeItem(at: folder) }

    private func store() throws -> KeyStore { try KeyStore(data: folder.path) }

    private func files() throws -> [URL] {
        try FileManager.default.contentsOfDirectory(
            at: folder.appending(path: "keys"), includingPropertiesForKeys: nil)
    }

    private func mode(of url: URL) throws -> Int? {
        try FileManager.default.attributesOfItem(atPath: url.path)[.posixPermissions] as? Int
    }

    @Test func `gives back what was saved, from files that are the owner's alone`() throws {
        try store().save(keys, binding)
        #expect(try store().load(binding) == keys)
        let file = try #require(files().first)
        #expect(try files().count == 1)
        #expect(try mode(of: file) == 0o600)
        #expect(try mode(of: folder) == 0o700)
    }

    @Test func `replaces what was there`() throws {
        let store = try store()
        try store.save(keys, binding)
        var newer = keys
        newer.fetchedAt += 1
        try store.save(newer, binding)
        #expect(store.load(binding) == newer)
        #expect(try files().count == 1)
    }

    @Test func `tells apart who vouched for the server`() throws {
        let store = try store()
        let bindings = [nil, "ca.pem", "other.pem"].map {
            KeyBinding(url: binding.url, issuers: binding.issuers, authorities: $0)
        }
        for (index, binding) in bindings.enumerated() {
            var keys = keys
            keys.fetchedAt += Int64(index)
            try store.save(keys, binding)
        }
        #expect(bindings.map { store.load($0)?.fetchedAt } == (0..<3).map { keys.fetchedAt + $0 })
        #expect(try files().count == 3)
    }

    @Test func `gives keys to no other URL and no other issuer`() throws {
        let store = try store()
        try store.save(keys, binding)
        let others = [
            KeyBinding(url: binding.url + "c", issuers: binding.issuers), KeyBinding(url: binding.url, issuers: []),
            KeyBinding(url: binding.url, issuers: ["https://other.test"]),
            KeyBinding(url: binding.url, issuers: binding.issuers + ["https://other.test"]),
            // Nor to who does not believe those that vouched for the server.
            KeyBinding(url: binding.url, issuers: binding.issuers, authorities: "ca.pem"),
        ]
        for other in others { #expect(store.load(other) == nil) }
        // Not even where the file has the name that the other's would have.
        let file = try #require(files().first)
        try store.save(keys, others[2])
        let second = try #require(files().first { $0 != file })
        try FileManager.default.removeItem(at: second)
        try FileManager.default.copyItem(at: file, to: second)
        #expect(store.load(others[2]) == nil)
    }

    @Test func `does not trust a file that another account could have written`() throws {
        let store = try store()
        try store.save(keys, binding)
        let file = try #require(files().first)
        try FileManager.default.setAttributes([.posixPermissions: 0o620], ofItemAtPath: file.path)
        #expect(store.load(binding) == nil)
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: file.path)
        #expect(store.load(binding) == keys)
        let elsewhere = folder.appending(path: "elsewhere")
        try FileManager.default.moveItem(at: file, to: elsewhere)
        try FileManager.default.createSymbolicLink(at: file, withDestinationURL: elsewhere)
        #expect(store.load(binding) == nil)
    }

    @Test(arguments: ["", "{", "[]", "{}", #"{"url":1}"#, "\u{0}"])
    func `takes a damaged file for none`(_ text: String) throws {
        let store = try store()
        try store.save(keys, binding)
        let file = try #require(files().first)
        let handle = try FileHandle(forWritingTo: file)
        try handle.truncate(atOffset: 0)
        try handle.write(contentsOf: Data(text.utf8))
        try handle.close()
        #expect(store.load(binding) == nil)
    }

    @Test func `says why a folder can't be used`() throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try Data().write(to: folder.appending(path: "file"))
        for (parent, reason) in [("file", "Not a directory"), ("nowhere", "No such file or directory")] {
            let parent = folder.appending(path: parent).path
            let failure = #expect(throws: KeyStore.Failure.self) { try KeyStore(data: "\(parent)/data") }
            let words = "cannot make the folder `\(parent)/data`: `\(parent)`: \(reason)"
            #expect(failure?.description == words)
        }
    }
}
