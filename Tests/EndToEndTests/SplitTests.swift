import Testing

@Suite struct `A request in two pieces` {
    @Test func `split at every byte of its head is forwarded all the same`() throws {
        let stage = try Stage()
        let request = Array("GET /open/a?b=c HTTP/1.1\r\nHost: a\r\nX-Y: z\r\n\r\n".utf8)
        let client = try stage.client()
        var upstream: Wire?
        var heads: Set<String> = []
        for cut in 1..<request.count {
            try client.send(Array(request[..<cut]))
            // The gateway reads the first piece before the second is there.
            try stage.settle()
            try client.send(Array(request[cut...]))
            let connection = try upstream ?? stage.upstream.accept()
            upstream = connection
            heads.insert(try connection.readHead())
            try connection.answer("\(cut)")
            #expect(try client.readAnswer().body.text == "\(cut)")
        }
        #expect(heads.count == 1)
    }

    @Test func `byte by byte is forwarded all the same`() throws {
        let stage = try Stage()
        let client = try stage.client()
        for byte
            in "POST /open HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3;x\r\nabc\r\n0\r\nT: 1\r\n\r\n"
            .utf8
        {
            try client.send([byte])
        }
        let upstream = try stage.upstream.accept()
        _ = try upstream.readHead()
        try upstream.answer()
        #expect(try client.readAnswer().status == 200)
    }

    @Test func `split at every byte of a chunked body is forwarded all the same`() throws {
        let stage = try Stage()
        let head = "POST /open HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
        let body = Array("3;x=y\r\nabc\r\n10\r\n0123456789abcdef\r\n0\r\nX-Sum: 1\r\n\r\n".utf8)
        let client = try stage.client()
        var upstream: Wire?
        for cut in 0..<body.count {
            try client.send(Array(head.utf8) + Array(body[..<cut]))
            let connection = try upstream ?? stage.upstream.accept()
            upstream = connection
            _ = try connection.readHead()
            try stage.settle()
            try client.send(Array(body[cut...]))
            var payload = ""
            while true {
                let chunk = try connection.readChunk()
                if chunk.isEmpty { break }
                payload += chunk.text
            }
            #expect(payload == "abc0123456789abcdef", "cut at \(cut)")
            #expect(try connection.read(through: "\r\n\r\n") == "X-Sum: 1\r\n\r\n")
            try connection.answer()
            #expect(try client.readAnswer().status == 200)
        }
    }

    @Test func `an answer split at every byte is conveyed all the same`() throws {
        let stage = try Stage()
        let answer = Array(
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nDate: x\r\n\r\n3\r\nabc\r\n0\r\nT: 1\r\n\r\n"
                .utf8)
        let client = try stage.client()
        var upstream: Wire?
        for cut in 1..<answer.count {
            try client.send("GET /open HTTP/1.1\r\nHost: a\r\n\r\n")
            let connection = try upstream ?? stage.upstream.accept()
            upstream = connection
            _ = try connection.readHead()
            try connection.send(Array(answer[..<cut]))
            try stage.settle()
            try connection.send(Array(answer[cut...]))
            #expect(try client.readHead() == "HTTP/1.1 100 Continue\r\n\r\n")
            #expect(try client.readHead() == "HTTP/1.1 200 OK\r\nDate: x\r\ntransfer-encoding: chunked\r\n\r\n")
            var payload = ""
            while payload.utf8.count < 3 { payload += try client.readChunk().text }
            #expect(payload == "abc")
            #expect(try client.read(through: "\r\n\r\n") == "0\r\nT: 1\r\n\r\n")
        }
    }
}
