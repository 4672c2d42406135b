variables {
  name = "kakehashi"
}

run "fewer_than_seven" {
  command = plan
  variables {
    generations = 3
  }
  expect_failures = [var.generations]
}

run "no_time_of_day" {
  command = plan
  variables {
    time = "25:00"
  }
  expect_failures = [var.time]
}
