"""Who is there: users, sessions, keys. What each may do is `app.domain.permissao`."""
